import { mcpServer } from '../../src/tools/mcp/index.ts'

/** What the suite starts with the address of a server: pins what it offers, then does what the scenario is about. */
const url = process.argv.at(-1)!
const scenario = process.env.MCP_CONFORMANCE_SCENARIO
const server = mcpServer({ name: 'suite', url, pins: `${process.cwd()}/pins-${process.pid}.json` })
try {
  await server.pin()
  const attempt = { key: 'k', number: 1, signal: AbortSignal.timeout(20_000), traceparent: undefined }
  const call = (name: string, args: object) => server.tool(name).run(args as never, attempt as never)
  if (scenario === 'tools_call') await call('add_numbers', { a: 5, b: 3 })
  if (scenario === 'sse-retry') await call('test_reconnection', {})
} finally {
  await server.close()
}
