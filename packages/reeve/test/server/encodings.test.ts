import { gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { encodingsOf, packedJson } from '../../src/server/http/encodings.ts'

const long = {
  items: Array.from({ length: 200 }, (_, index) => ({ id: index, text: 'a line of it — “so”' })),
}
const app = new Hono()
app.get('/named', (context) => context.json([...encodingsOf(context)]))
app.get('/long', (context) => packedJson(context, long, { status: 200 }))
app.get('/short', (context) => packedJson(context, { id: 1 }, { status: 201 }))

const ask = (path: string, takes?: string) =>
  app.request(path, takes === undefined ? {} : { headers: { 'accept-encoding': takes } })

test.each([
  [undefined, []],
  ['', []],
  ['gzip, deflate, br, zstd', ['gzip', 'deflate', 'br', 'zstd']],
  ['GZIP;q=0.5 , br;q=0', ['gzip']],
  ['br ; Q=0.000, gzip;q=0.01', ['gzip']],
  ['xgzip', ['xgzip']],
])('of "%s" the encodings are %j', async (takes, named) => {
  expect(await (await ask('/named', takes)).json()).toEqual(named)
})

test('a long answer is packed for who takes that, and for nobody else', async () => {
  const packed = await ask('/long', 'br, gzip')
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('vary')).toBe('accept-encoding')
  const bytes = Buffer.from(await packed.arrayBuffer())
  expect(bytes.length).toBeLessThan(1000)
  expect(JSON.parse(gunzipSync(bytes).toString())).toEqual(long)
  const plain = await ask('/long', 'gzip;q=0')
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(plain.headers.get('content-type')).toBe('application/json')
  expect(await plain.json()).toEqual(long)
})

test('a short answer stays as it is', async () => {
  const short = await ask('/short', 'gzip')
  expect([short.status, short.headers.get('content-encoding')]).toEqual([201, null])
  expect(await short.json()).toEqual({ id: 1 })
})
