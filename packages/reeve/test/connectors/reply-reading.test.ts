import { expect, test } from 'vitest'
import { unprovedBecause } from '../../src/connectors/asking/letters/authentication-results.ts'
import { readReply } from '../../src/connectors/asking/letters/reply-words.ts'
import { topmostResults } from '../../src/triggers/letters/authentication.ts'

const ours = 'mx.ours.test'
const judged = (results: string | null, from = 'ada@shop.test') => unprovedBecause(results, ours, from)

test('a sender is proved by DMARC of its domain, or where there is none by a signature of exactly it', () => {
  for (const results of [
    'mx.ours.test; dmarc=pass header.from=shop.test',
    'MX.OURS.TEST 1;dkim=fail header.d=x.test;DMARC=Pass (p=none; dis=none) header.from=Shop.Test.',
    'mx.ours.test; dmarc=pass action=none header.from=shop.test; dkim=pass header.d=list.test',
    'mx.ours.test; dmarc=none; dkim=pass header.d=shop.test',
    'mx.ours.test (a (nested \\) ) comment;); dkim=pass (2048-bit key) header.i=@shop.test header.b="a;b"',
  ])
    expect(judged(results), results).toBeUndefined()
  expect(judged('mx.ours.test; dmarc=pass header.from=xn--mller-kva.test', 'ada@müller.test')).toBeUndefined()
})

test('what others could have written proves nobody', () => {
  for (const results of [
    null,
    '',
    'mx.ours.test',
    'mx.ours.test; none',
    'mx.other.test; dmarc=pass header.from=shop.test',
    'mx.ours.test.evil.test; dmarc=pass header.from=shop.test',
    'dmarc=pass header.from=shop.test',
    'mx.ours.test; spf=pass smtp.mailfrom=shop.test',
    'mx.ours.test; dmarc=pass',
    'mx.ours.test; dmarc=pass header.from=evil.test',
    'mx.ours.test; dmarc=pass header.from=evilshop.test',
    'mx.ours.test; dmarc=pass header.from=evil.test header.from=shop.test',
    'mx.ours.test; dmarc=fail header.from=shop.test; dkim=pass header.d=shop.test',
    'mx.ours.test; dmarc=pass header.from=shop.test; dmarc=fail header.from=shop.test',
    'mx.ours.test; dmarc=bestguesspass header.from=shop.test',
    'mx.ours.test; dkim=pass header.d=test',
    'mx.ours.test; dkim=pass header.d=mail.shop.test',
    'mx.ours.test; dkim=pass header.d=evil.test header.i=@shop.test',
    'mx.ours.test; dkim=pass',
    'mx.ours.test; dkim=neutral header.d=shop.test',
    // In a quoted local part, and in comments.
    'mx.ours.test; spf=fail smtp.mailfrom="x; dmarc=pass header.from=shop.test"@evil.test',
    'mx.ours.test; spf=fail (; dmarc=pass header.from=shop.test) smtp.mailfrom=evil.test',
    'mx.ours.test; spf=fail smtp.mailfrom="x\\"; dmarc=pass header.from=shop.test',
    'mx.ours.test; spf=fail (x; dmarc=pass header.from=shop.test',
    'mx.ours.test; spf=fail smtp.helo=) ; (; dmarc=pass header.from=shop.test',
  ])
    expect(judged(results), String(results)).toBeTypeOf('string')
  expect(judged('mx.ours.test; dmarc=pass header.from=', 'ada')).toBeTypeOf('string')
})

test('of the headers the topmost counts, as it stands in the bytes, and of one sender only', () => {
  const letter = (...lines: string[]) => Buffer.from([...lines, '', 'x', 'From: body@x.test'].join('\r\n'))
  const from = 'From: a@b.test'
  expect(
    topmostResults(
      letter('Authentication-Results: one;\r\n dkim=pass', 'X: y', 'authentication-results: two', from),
    ),
  ).toBe('one; dkim=pass')
  // Words that are decoded elsewhere stay as they are: nobody writes a result by them.
  expect(
    topmostResults(letter('Authentication-Results: one; spf=fail smtp.mailfrom==?utf-8?q?=3B?=', from)),
  ).toContain('=?utf-8?q?=3B?=')
  expect(
    topmostResults(letter(from, 'X-Authentication-Results: one', 'ARC-Authentication-Results: i=1; one')),
  ).toBeNull()
  expect(topmostResults(letter('Authentication-Results: one', from, 'from : c@d.test'))).toBeNull()
  expect(topmostResults(letter('Authentication-Results: one'))).toBeNull()
  expect(topmostResults(letter(from, '', 'Authentication-Results: in the body'))).toBeNull()
})

test('one line of a reply is read, and it is one of a few', () => {
  expect(readReply('\ufeff\u00a0APPROVE\u200b \nthanks')).toEqual({ says: 'approve' })
  expect(readReply('> approve?\n\nReject')).toEqual({ says: 'reject', note: undefined })
  expect(readReply('reject : it is, not: ours')).toEqual({ says: 'reject', note: 'it is, not: ours' })
  expect(readReply('answer: {"a": 1}')).toEqual({ says: 'answer', answer: '{"a": 1}' })
  expect(readReply('Edit it')).toEqual({ says: 'edit' })
  for (const text of [
    '',
    '> approve',
    'approved',
    'approve.',
    'do not approve',
    'approve?',
    'reject it',
    'answer:',
    'yes\napprove',
    'Von: Desk\napprove',
  ])
    expect(readReply(text), text).toMatchObject({ says: 'other' })
})
