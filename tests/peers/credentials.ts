/** The user name that the servers know. */
export const username = "anydial";
/** Its password: with what a URL, a configuration file or a header may stumble over. */
export const password = "open:s3same+/%ü";
/** The password as crypt(3) stores it (SHA-512, made with `openssl passwd -6 -salt anydial`). */
export const passwordHash =
  "$6$anydial$24uWazAFnL3DuH0z00r5TSlE6fWI0NyY5pvpBxLQfimupnJfEhXtUFt6tNztRewZ5lWBLtkndknyFNmok7aBs.";
/** Another one, for tinyproxy, whose configuration takes few characters. */
export const plainPassword = "open-s3same_.";
