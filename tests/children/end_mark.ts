/** Ends what one command line of `run_cli_lines.ts` has written. */
export const endMark = "\0exit ";
