import { answerProperties } from "./answer_properties.ts";
import type { CodecProperty } from "./codec_property.ts";
import { requestProperties } from "./request_properties.ts";
import { settingsProperties } from "./settings_properties.ts";

/** Everything that holds for any input of the codecs and parsers of `src/proxy`. */
export const codecProperties: readonly CodecProperty[] = [
  ...answerProperties,
  ...requestProperties,
  ...settingsProperties,
];
