import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../packages/reeve/src')

/** The types that the page tells, where each is written, what the configuration calls it if otherwise, and which options it does not take. */
const types: readonly [name: string, file: string, as?: string, without?: readonly string[]][] = [
  ['ProjectConfig', 'project/config.ts'],
  ['RouteDefinition', 'models/route/route.ts', 'RouteConfig'],
  ['BudgetPlan', 'models/asking/budget.ts'],
  ['Price', 'models/asking/price.ts', 'PriceTable'],
  ['QueueConfig', 'project/config.ts'],
  ['ScheduleDefinition', 'engine/starting/schedule-times.ts'],
  ['ApprovalRules', 'store/approvals/rules.ts'],
  ['ScopeRule', 'memory/scope-rules.ts'],
  ['RetentionConfig', 'project/config.ts'],
  ['LearningConfig', 'project/config.ts'],
  ['RepairConfig', 'autonomy/repair/settings.ts'],
  ['McpServerSettings', 'tools/mcp/definition/server-definition.ts', 'McpConfig', ['name']],
  [
    'StdioServerDefinition',
    'tools/mcp/definition/server-definition.ts',
    'McpConfig: a server that is started here',
  ],
  ['HttpServerDefinition', 'tools/mcp/definition/server-definition.ts', 'McpConfig: a server somewhere else'],
]

const doc = String.raw`(?: *\/\*\*(?<told>(?:(?!\*\/)[\s\S])*)\*\/\n)`
const member = new RegExp(
  String.raw`^${doc}? {2}(?<name>\w+)\??: (?<type>\{\n[\s\S]*?\n {2}\}|[^\n]*)$`,
  'gm',
)

/** docs/reference/configuration.md: what reeve.config.ts takes, from the docstrings of its types. */
export function configurationReference(): string {
  return [head, ...types.map(section)].join('\n')
}

const head = `<!-- Made from the code by \`npm run reference\`. -->

# Configuration

\`reeve.config.ts\` exports \`defineConfig({ … })\` as its default. An option that does not exist is refused with the nearest name.
`

function section([name, file, as = name, without = []]: (typeof types)[number]): string {
  const text = readFileSync(join(folder, file), 'utf8')
  const whole = new RegExp(String.raw`^${doc}export interface ${name} [^\n]*\{\n(?<body>[\s\S]*?)^\}`, 'm')
  const found = whole.exec(text)?.groups
  if (!found) throw new Error(`There is no documented interface ${name} in ${file}`)
  const rows = [...found.body!.matchAll(member)]
    .filter(({ groups }) => !without.includes(groups!.name!))
    .map(({ groups }) => {
      const { told = '', name: option, type } = groups!
      return `| \`${option}\` | \`${cell(type!)}\` | ${cell(plain(told))} |`
    })
  return [`## ${as}`, '', plain(found.told!), '', '| option | type | |', '|---|---|---|', ...rows, ''].join(
    '\n',
  )
}

/** What a docstring says, without its example. */
function plain(told: string): string {
  return told
    .replace(/@example[\s\S]*/, '')
    .replace(/^ *\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

function cell(text: string): string {
  return text
    .replace(/\/\*\*.*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim()
}
