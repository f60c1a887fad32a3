import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const repository = join(import.meta.dirname, '../../../..')
const templates = join(repository, 'packages/create-reeve/templates')

export interface Typed {
  line: string
  /** In a block it is typed as it stands; in a sentence it may be only what a command is called. */
  isWhole: boolean
}

/** What a text tells a reader to type: `reeve …`, in code. */
export function typedIn(text: string): Typed[] {
  const shell = text.replaceAll(/```(?!sh\n|bash\n|\n)\w+\n[\s\S]*?```/g, '')
  const code = [...shell.matchAll(/```(?:|sh|bash)\n([\s\S]*?)```|`([^`\n]+)`/g)]
  return code.flatMap(([, block, inline]) =>
    [
      ...(block ?? inline!)
        .replaceAll('\\\n', ' ')
        .matchAll(/(?:^|[\s;&(])(?<!npm create )(?:npx )?reeve ([a-z][^\n|#;&)`]*)/gm),
    ].map(([, line]) => ({ line: line!.trim(), isWhole: block !== undefined })),
  )
}

/** The words of a shell line; brackets say what may be left out, two spaces begin an explanation, and `>` is the shell's. */
export const wordsOf = (line: string) =>
  [
    ...line
      .split(/ {2,}| >> | > /)[0]!
      .replaceAll(/[[\]]/g, '')
      .matchAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\S+/g),
  ].map(([word]) => word)

/** What a reader is given, by its path. */
export function documents(): [string, string][] {
  const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
  const paths = [
    'README.md',
    'CONTRIBUTING.md',
    'ARCHITECTURE.md',
    ...readdirSync(templates).flatMap((name) => {
      const readme = join(templates, name, 'README.md')
      return existsSync(readme) ? [relative(repository, readme)] : []
    }),
    ...docs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path)),
    ...globSync('examples/{*,*/*}/README.md', { cwd: repository, exclude: ['**/node_modules'] }).sort(),
  ]
  return paths.map((path) => [path, readFileSync(join(repository, path), 'utf8')])
}
