import fc from 'fast-check'
import { expect, test } from 'vitest'
import { databaseAt } from '../../src/base/config.ts'

function partsOf(text: string) {
  const place = databaseAt(text, '/', 'DATABASE_URL')
  if (place.kind !== 'postgres') throw new Error('not Postgres')
  const url = new URL(place.url)
  return {
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    host: url.host,
    database: url.pathname,
    query: url.search,
  }
}

test('a password with any special characters is read as it was meant', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9@:/?#!$&*+ ü-]{1,20}$/), (password) => {
      expect(partsOf(`postgres://reeve:${password}@db.internal:5432/work?sslmode=require`)).toEqual({
        user: 'reeve',
        password,
        host: 'db.internal:5432',
        database: '/work',
        query: '?sslmode=require',
      })
    }),
  )
})

test.each([
  ['postgres://reeve:p%40ss@h/db', 'p@ss'],
  ['postgres://reeve:100%@h/db', '100%'],
  ['postgres://reeve:100%pure%40@h/db', '100%pure%40'],
  ['postgres://reeve@server:p@ss@h/db', 'p@ss'],
])('%s has the password %s', (url, password) => {
  expect(partsOf(url).password).toBe(password)
})

test('a URL that is encoded as it must be stays as it is', () => {
  for (const url of [
    'postgres://reeve:p%40ss@h:5432/db?options=-c%20search_path%3Dx',
    'postgres://reeve:x@h/db?application_name=me@home',
    'postgresql://reeve:x@[::1]:5432/db',
    'postgres:///db?host=/run/postgresql',
  ])
    expect(databaseAt(url, '/', 'DATABASE_URL')).toEqual({ kind: 'postgres', url })
})

test.each([
  'postgres://reeve:canary@h/db/more',
  'postgres://reeve:canary@h:port/db',
  'mysql://reeve:canary@h/db',
  'mysql://reeve:canary?x',
  'postgres:reeve:canary@h/db',
])('what cannot be read is refused without its password: %s', (url) => {
  const refuse = () => databaseAt(url, '/', 'DATABASE_URL')
  expect(refuse).toThrow(expect.objectContaining({ code: 'bad-database-url' }))
  expect(refuse).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }))
})
