import { ReeveError } from '../../base/errors.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'

/** Reads a body, never more of it than may be there. @throws `request-too-large` */
export async function readBytes(request: Request, mostBytes: number): Promise<Buffer> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > mostBytes) throw tooLarge(mostBytes)
  if (!request.body) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw tooLarge(mostBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The same as text. @throws `request-too-large` `not-json` */
export async function readText(request: Request, mostBytes: number): Promise<string> {
  const bytes = await readBytes(request, mostBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ReeveError('not-json', 'The body is not UTF-8. Send JSON as UTF-8.', { cause })
  }
}

/**
 * The JSON of a request with its text; undefined when it has no body. What reading would change, such as a key that stands
 * twice, is refused. @throws `bad-media-type` `request-too-large` `not-json` `inexact-json`
 */
export async function readJson(
  request: Request,
  mostBytes: number,
): Promise<{ text: string; value: Json | undefined }> {
  const type = request.headers.get('content-type')
  const text = await readText(request, mostBytes)
  if (text === '') return { text, value: undefined }
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type ?? '')) {
    throw new ReeveError(
      'bad-media-type',
      `The content type is ${JSON.stringify(type ?? '')}; this API reads application/json only.`,
    )
  }
  return { text, value: parseExactJson(text, 'The body') }
}

function tooLarge(mostBytes: number): ReeveError {
  return new ReeveError(
    'request-too-large',
    `The body is larger than ${mostBytes} bytes. Send less, or give a reference to where the data is.`,
  )
}
