import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { BoundedChild } from '../../../base/process/bounded-child.ts'

const checkMs = 120_000

/**
 * What the types of a fix have against it that those of the script had not. Undefined: nothing, or the project has no TypeScript. The two
 * are checked side by side in a folder of their own beside the script, which is there for that time alone.
 */
export async function typeProblems(
  project: string,
  file: string,
  before: string,
  after: string,
): Promise<string | undefined> {
  const compiler = compilerOf(project)
  if (compiler === undefined) return undefined
  const folder = dirname(join(project, file))
  const place = await mkdtemp(join(folder, '.reeve-types-'))
  try {
    const problemsOf = async (name: string, source: string) => {
      const path = join(place, name)
      // One level further down than the script stands.
      await writeFile(path, source.replaceAll(/(from\s+['"])(\.\.?\/)/g, '$1../$2'))
      const options = [
        '--noEmit',
        '--strict',
        '--target',
        'esnext',
        '--module',
        'nodenext',
        '--allowImportingTsExtensions',
      ]
      const child = await BoundedChild.start({
        file: process.execPath,
        args: [compiler, ...options, '--erasableSyntaxOnly', '--skipLibCheck', path],
        env: { PATH: dirname(process.execPath) },
        cwd: project,
        timeoutMs: checkMs,
        countsWaiting: false,
        maxOutputBytes: 4_194_304,
      })
      child.write('')
      const { cause, stdout } = await child.ended
      if (cause !== 'exit') return undefined
      return [...stdout.toString('utf8').matchAll(/error (TS\d+): (.*)/g)].map(
        ([, code, text]) => `${code} ${text}`,
      )
    }
    const old = await problemsOf('before.ts', before)
    const all = await problemsOf('after.ts', after)
    if (!old || !all) return `its types could not be checked in ${checkMs / 1000} s`
    const now = all.filter((each) => !old.includes(each))
    return now[0] === undefined ? undefined : `its types are wrong: ${now[0].slice(0, 200)}`
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

function compilerOf(project: string): string | undefined {
  for (let folder = resolve(project); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules/typescript/bin/tsc')
    if (existsSync(path)) return path
    if (folder === dirname(folder)) return undefined
  }
}
