import { importOptional } from '../../base/optional-package.ts'
import { readManifest } from '../../base/package-files.ts'

/** The parts of the MCP SDK that a client needs, loaded when the first server is asked. @throws `missing-package` */
export async function loadClientSdk() {
  const [client, http, types] = await importSdk(() =>
    Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]),
  )
  return { Client: client.Client, HttpTransport: http.StreamableHTTPClientTransport, types }
}

export type ClientSdk = Awaited<ReturnType<typeof loadClientSdk>>

/** Imports parts of the SDK. @throws `missing-package` */
export function importSdk<T>(load: () => Promise<T>): Promise<T> {
  return importOptional(['@modelcontextprotocol/sdk'], 'MCP servers and clients', load)
}

/** Who Reeve says it is to the other side. */
export function reeveIdentity(): { name: string; version: string } {
  const { name, version } = readManifest()
  return { name, version }
}
