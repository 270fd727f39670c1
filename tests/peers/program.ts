import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** A program that a test needs and that the machine may lack. */
export interface Program {
  /** Its path; its name alone where it is missing. */
  readonly path: string;
  /** How to install it; absent where it is there. */
  readonly missing?: string;
}

/**
 * Looks for a program, also where daemons are, which is not on everybody's PATH.
 *
 * @param name Its name.
 * @param install The command that installs it.
 * @returns Where it is.
 */
export function findProgram(name: string, install: string): Program {
  const directories = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  const path = directories.map((directory) => join(directory, name)).find(isExecutable);
  return path === undefined ? { path: name, missing: `${name} is missing: ${install}` } : { path };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
