import { importOptional } from '../../base/optional-package.ts'

/** The SDK of the server's side, loaded when something first speaks MCP. @throws `missing-package` */
export function loadServerSdk() {
  return importServer(() => import('@modelcontextprotocol/server'))
}

/** The same for standard input and output. @throws `missing-package` */
export function loadStdio() {
  return importServer(() => import('@modelcontextprotocol/server/stdio'))
}

export type ServerSdk = Awaited<ReturnType<typeof loadServerSdk>>

function importServer<T>(load: () => Promise<T>): Promise<T> {
  return importOptional(['@modelcontextprotocol/server'], 'Servers of MCP', load)
}
