import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const docs = join(import.meta.dirname, '../../docs')

/** docs/llms.txt: what a model that writes for Reeve should read, each page with its first sentences, from docs/README.md. */
export function llmsIndex(): string {
  const index = readFileSync(join(docs, 'README.md'), 'utf8')
  const sections = [...index.matchAll(/^\*\*(.+?)\*\* · ([\s\S]*?)(?=\n\n|(?![\s\S]))/gm)].map(
    ([, name, body]) => {
      const pages = [...body!.matchAll(/\[([^\]]+)\]\(([^)]+\.md)\)/g)].map(
        ([, title, page]) => `- [${title!.replace(/\s+/g, ' ')}](${page}): ${beginningOf(page!)}`,
      )
      return `## ${name}\n\n${pages.join('\n')}`
    },
  )
  return `${head}\n${sections.join('\n\n')}\n`
}

const head = `# Reeve

> The runtime for autonomous AI work: workflows in plain TypeScript, journaled step by step; typed answers; tools under grants and
> approvals; agents, memory, daemons; on SQLite, or on Postgres by one line. Node 24, MIT.

A project is a folder with \`reeve.config.ts\` and \`workflows/\`. Between calls of \`ctx\` a workflow must be deterministic. What acts outside is a
tool with an effect class (\`read\`, \`idempotent\`, \`verifiable\`, \`once\`). Types are exact: let the compiler tell. These pages stand in
\`node_modules/reeve/docs\`.
`

/** The first paragraph of a page, at most 200 characters. */
function beginningOf(page: string): string {
  const text = readFileSync(join(docs, page), 'utf8').replace(/^<!--.*-->$/gm, '')
  const paragraph = text
    .split(/\n\n+/)
    .map((each) => each.trim())
    .find((each) => each !== '' && !/^(?:#|\||```|!\[|-)/.test(each))
  const plain = (paragraph ?? '').replace(/\s+/g, ' ').replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
  if (plain.length <= 200) return plain
  return `${plain.slice(0, 200).replace(/\s\S*$/, '')} …`
}
