import { assert, expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import dirtyChai from "dirty-chai";

use(chaiAsPromised);
// After the promises, so that `rejected()` can be called too.
use(dirtyChai);
use(({ Assertion }) => {
  Assertion.addMethod("equalBytes", function (expected) {
    new Assertion(Array.from(this._obj)).to.deep.equal(Array.from(expected));
  });
});

export { assert, expect };
