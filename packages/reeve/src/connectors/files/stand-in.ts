import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RunningStandIn, SandboxOptions } from '../shape/sandbox.ts'

/** A folder in the place of the real one: beside the other state of the sandbox, or for as long as the process lives. */
export async function startFiles({ file }: SandboxOptions = {}): Promise<RunningStandIn> {
  if (file === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'reeve-files-'))
    return { url: pathToFileURL(folder).href, close: () => rm(folder, { recursive: true, force: true }) }
  }
  const folder = file.replace(/(?:\.json)?$/, '-folder')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return { url: pathToFileURL(folder).href, close: async () => {} }
}
