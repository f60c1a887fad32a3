import { ReeveError } from '../../base/errors.ts'
import { readManifest } from '../../base/package-files.ts'

/** The parts of the MCP SDK that a client needs, loaded when the first server is asked. @throws `missing-package` */
export async function loadClientSdk() {
  try {
    const [client, http, types] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ])
    return { Client: client.Client, HttpTransport: http.StreamableHTTPClientTransport, types }
  } catch (cause) {
    throw missingSdk(cause)
  }
}

export type ClientSdk = Awaited<ReturnType<typeof loadClientSdk>>

export function missingSdk(cause: unknown): ReeveError {
  return new ReeveError(
    'missing-package',
    'MCP needs its SDK. Add it to the project: npm install @modelcontextprotocol/sdk@1.32.2',
    { cause },
  )
}

/** Who Reeve says it is to the other side. */
export function reeveIdentity(): { name: string; version: string } {
  const { name, version } = readManifest()
  return { name, version }
}
