import { existsSync } from 'node:fs'

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']

/** The absolute path of a program of the system's own, looked for where systems keep them; no PATH is asked. */
export function systemProgram(name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((file) => existsSync(file))
}
