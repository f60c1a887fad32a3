import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const source = join(import.meta.dirname, '../../packages/reeve/src/project/config.ts')
const member =
  /^ {2}(?:\/\*\* (?<short>.*?) \*\/|\/\*\*\n(?<long>[\s\S]*?) {3}\*\/)\n {2}(?<name>\w+)\??: (?<type>.*)$/gm

/** docs/reference/configuration.md: what reeve.config.ts takes, from the docstrings of its types. */
export function configurationReference(): string {
  const text = readFileSync(source, 'utf8')
  const parts = [...text.matchAll(/^\/\*\* (.*?) \*\/\nexport interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(
    ([, told, name, body]) => ({ told: told!, name: name!, body: body! }),
  )
  const first = parts.filter(({ name }) => name === 'ProjectConfig')
  const rest = parts.filter(({ name }) => name !== 'ProjectConfig' && name.endsWith('Config'))
  return [head, ...[...first, ...rest].map(section)].join('\n')
}

const head = `<!-- Made from the code by \`npm run reference\`. -->

# Configuration

\`reeve.config.ts\` exports \`defineConfig({ … })\` as its default. An option that does not exist is refused with the nearest name.
`

function section({ told, name, body }: { told: string; name: string; body: string }): string {
  const rows = [...body.matchAll(member)].map(({ groups }) => {
    const { short, long, name: option, type } = groups as Record<string, string>
    const said =
      short ??
      long!
        .replace(/^ {3}\* ?/gm, '')
        .trim()
        .replace(/\n+/g, ' ')
    return `| \`${option}\` | \`${type!.replaceAll('|', '\\|')}\` | ${said.replaceAll('|', '\\|')} |`
  })
  return [`## ${name}`, '', told, '', '| option | type | |', '|---|---|---|', ...rows, ''].join('\n')
}
