import type { Part } from './document.ts'

/** Where the operations of a document are: what was given, else its first server. @throws `bad-openapi` */
export function serverOf(root: Part, given: string | undefined): URL {
  const entry = root.at('servers').list()[0]
  if (given === undefined && !entry) throw root.at('servers').fault('it is missing; give the option `server`')
  const url = wholeUrl(given ?? addressOf(entry!))
  if (url) return url
  const why = `"${given ?? addressOf(entry!)}" is not the whole URL of a server; give the option \`server\``
  throw (given === undefined && entry ? entry.at('url') : root.at('servers')).fault(why)
}

/**
 * An operation that the document has at another server cannot be called at this one.
 * @throws `bad-openapi` which names both
 */
export function refuseOtherServers(holders: readonly Part[], target: URL): void {
  for (const holder of holders) {
    const [first] = holder.at('servers').list()
    if (!first) continue
    const address = addressOf(first)
    if (wholeUrl(address)?.href === target.href) return
    throw first
      .at('url')
      .fault(
        `it is served at "${address}", and calls go to ${target.href}; leave the operation out with the option \`operations\`, or say with \`server\` where all of them are`,
      )
  }
}

/** With the defaults of its variables. */
function addressOf(entry: Part): string {
  return entry
    .at('url')
    .text()
    .replace(/\{([^{}]+)\}/g, (_whole, variable: string) =>
      entry.at('variables').at(variable).at('default').text(),
    )
}

function wholeUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  const isWhole = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  return isWhole ? url : undefined
}
