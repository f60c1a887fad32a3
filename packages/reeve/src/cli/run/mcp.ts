import { Writable } from 'node:stream'
import { readVariables } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { secretsOfVariables } from '../../base/secrets/known-secrets.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { ExactLines } from '../../server/mcp/exact-requests.ts'
import { loadStdio } from '../../server/mcp/load-sdk.ts'
import { mcpServers } from '../../server/mcp/mcp.ts'
import { reaches } from '../../store/identity/principals.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

export interface McpOptions {
  wait: string
  page?: string
}

/** Serves the project over standard input and output, and drives its runs, until the other side ends its input. */
export async function mcp(cli: Cli, options: McpOptions): Promise<ExitCode> {
  const maxWaitSeconds = toSeconds(options.wait)
  const pageUrl = toPage(options.page)
  const stdout = claimStdout(secretsOfVariables(readVariables()))
  return withRuntime(cli, async (runtime, _onStop, { principal, role, proof }) => {
    const { serveStdio, StdioServerTransport } = await loadStdio()
    const servers = await mcpServers(runtime, {
      principal,
      proof,
      maxWaitSeconds,
      pageUrl,
      mayAct: reaches(role, 'operator'),
    })
    const interrupt = new Interrupt(cli.terminal, 'Runs in progress continue at the next start.', () =>
      runtime.hurry(),
    )
    await runtime.start()
    const lines = process.stdin.pipe(new ExactLines((line) => stdout.write(line)))
    const transport = new StdioServerTransport(lines as never, stdout)
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const service = serveStdio(servers, { transport })
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
    interrupt.signal.addEventListener('abort', () => resolve(), { once: true })
    await done
    await service.close()
    return exitCodes.done
  })
}

/** Standard output belongs to the protocol: what the project's own code prints goes to standard error instead. */
function claimStdout(secrets: Secrets): Writable {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      write(secrets.redactJson(chunk.toString()), (error) => done(error))
    },
  })
}

/** @throws `bad-option` */
function toSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= 0 && seconds <= 3600) return seconds
  throw new ReeveError('bad-option', `--wait is "${text}"; it must be a number of seconds from 0 to 3600.`)
}

/** @throws `bad-option` */
function toPage(text: string | undefined): string | undefined {
  if (text === undefined) return
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return url.origin
  throw new ReeveError(
    'bad-option',
    `--page is ${JSON.stringify(text)}; it must be the address of the dashboard, such as http://127.0.0.1:4100`,
  )
}
