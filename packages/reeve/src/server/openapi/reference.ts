import { problemCodes } from './document.ts'

/** The reference of the API as a page of plain HTML: no script, nothing from elsewhere. */
export function referencePage(document: Record<string, unknown>): string {
  const { paths, info } = document as {
    paths: Record<string, Record<string, Operation>>
    info: { version: string; description: string }
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'health')
  const contents = [...groups.keys()].map((name) => `<a href="#${name}">${escaped(name)}</a>`).join(' · ')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Reeve</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  h2 { margin-top: 3rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
  h3 { margin: 2rem 0 .25rem; font-size: 1rem }
  code, pre { font: .875rem/1.5 ui-monospace, monospace }
  pre { overflow: auto; padding: .5rem .75rem; background: color-mix(in srgb, currentColor 7%, transparent) }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }
  summary { cursor: pointer }
</style>
<h1>API reference</h1>
<p>Reeve ${escaped(info.version)}. ${marked(info.description)} For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1); for TypeScript: <code>import { createClient } from 'reeve/client'</code>.</p>
<p>${contents} · <a href="#codes">codes</a></p>
${[...groups].map(([name, all]) => `<h2 id="${name}">${escaped(name)}</h2>\n${all.map(section).join('\n')}`).join('\n')}
<h2 id="codes">Codes</h2>
<p>The <code>code</code> of a problem is stable. Codes that are not listed come with 400, or 404 where they begin with <code>unknown-</code>; what they mean stands in their <code>detail</code>.</p>
<table>${problemCodes()
    .map(([code, status]) => `<tr id="code-${code}"><td><code>${code}</code><td>${status}</tr>`)
    .join('\n')}</table>
</html>
`
}

interface Operation {
  operationId: string
  tags?: string[]
  summary: string
  description?: string
  parameters?: { name: string; in: string; required: boolean; schema: unknown; description?: string }[]
  requestBody?: { content: Record<string, { schema: unknown }> }
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>
}

function section({
  path,
  method,
  operation,
}: {
  path: string
  method: string
  operation: Operation
}): string {
  const { summary, description, parameters = [], requestBody, responses, operationId } = operation
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  return `<h3 id="${operationId}"><code>${method.toUpperCase()} ${escaped(path)}</code></h3>
<p>${marked(summary)}.${description ? ` ${marked(description)}` : ''}</p>
${parameters.length > 0 ? `<table>${parameters.map(row).join('')}</table>` : ''}
${details('Body', requestBody?.content)}${details('Answer', answer?.content)}`
}

function row({
  name,
  in: where,
  required,
  schema,
  description,
}: NonNullable<Operation['parameters']>[number]): string {
  const kind = JSON.stringify(schema)
  const shown = kind.length > 120 ? '' : `<code>${escaped(kind)}</code>`
  return `<tr><td><code>${escaped(name)}</code><td>${where}${required ? ', required' : ''}<td>${marked(description ?? '')} ${shown}</tr>`
}

function details(title: string, content: Record<string, { schema: unknown }> | undefined): string {
  const schema = content?.['application/json']?.schema
  if (!schema) return ''
  return `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`
}

/** Text with `code` in it. */
function marked(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
