import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context } from 'hono'
import { jsonWithoutSecretShapes } from '../../base/secrets/secret-shapes.ts'

const pack = promisify(gzip)

/** Shorter answers fit into the first packets as they are. */
const leastBytes = 2048

/** The encodings that a client names without refusing them: `gzip;q=0` refuses it. */
export function encodingsOf({ req }: Context): ReadonlySet<string> {
  const named = (req.header('accept-encoding') ?? '').toLowerCase().split(',')
  return new Set(
    named.flatMap((each) => {
      const [name = '', ...parameters] = each.split(';').map((part) => part.trim())
      const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
      return isRefused || name === '' ? [] : [name]
    }),
  )
}

/** A long text, packed for who takes that: over a slow line it comes in a fraction of the time. */
export async function packed(
  context: Context,
  text: string,
  { type, status }: { type: string; status: number },
): Promise<Response> {
  context.header('content-type', type)
  if (text.length < leastBytes) return context.body(text, status as 200)
  context.header('vary', 'accept-encoding')
  if (!encodingsOf(context).has('gzip')) return context.body(text, status as 200)
  context.header('content-encoding', 'gzip')
  return context.body(new Uint8Array(await pack(text, { level: 3 })), status as 200)
}

/** An answer of the API. `isRaw`: also what looks like a secret in it. */
export function packedJson(
  context: Context,
  value: object,
  { status, isRaw = false }: { status: number; isRaw?: boolean },
): Promise<Response> {
  const text = isRaw ? JSON.stringify(value) : jsonWithoutSecretShapes(value)
  return packed(context, text, { type: 'application/json', status })
}
