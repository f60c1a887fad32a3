import { createServer, type Server } from 'node:http'

type Message = { id?: number; method: string; params?: { arguments?: Record<string, unknown> } }

export interface Expiring {
  server: Server
  /** Calls of its tool that were carried out. */
  done: string[]
  /** How many sessions were begun. */
  sessions: number
  /** Ends all sessions. */
  expire(): void
}

/** An MCP server over streamable HTTP whose sessions end when they are told to; it answers with `status` then. */
export function expiringServer(status: number): Expiring {
  const open = new Set<string>()
  const state: Expiring = {
    done: [],
    sessions: 0,
    expire: () => open.clear(),
    server: createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.method !== 'POST') return void response.writeHead(405).end()
      const { id, method, params } = JSON.parse(body) as Message
      const answer = (result: object, headers: Record<string, string> = {}) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
      }
      if (method === 'initialize') {
        const session = `session-${++state.sessions}`
        open.add(session)
        const capabilities = { tools: {} }
        const serverInfo = { name: 'expiring', version: '1' }
        return answer(
          { protocolVersion: '2025-06-18', capabilities, serverInfo },
          { 'mcp-session-id': session },
        )
      }
      const session = String(request.headers['mcp-session-id'])
      if (!open.has(session)) {
        return void response.writeHead(status).end(`session ended for ${request.headers.authorization}`)
      }
      if (id === undefined) return void response.writeHead(202).end()
      if (method === 'tools/list') {
        return answer({
          tools: [{ name: 'note', description: 'Keeps a note.', inputSchema: { type: 'object' } }],
        })
      }
      state.done.push(String(params?.arguments?.text))
      answer({ content: [{ type: 'text', text: `noted for ${request.headers.authorization}` }] })
    }),
  }
  return state
}
