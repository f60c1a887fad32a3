import { expect, test } from 'vitest'
import { inferTool } from '../../src/governance/tools/infer-tool.ts'
import { described } from './harness.ts'

test.each([
  ['get_emails', [], 'read', 'private', 'none', 'untrusted'],
  ['searchProducts', ['query'], 'read', 'public', 'none', 'trusted'],
  ['fetch_page', ['url'], 'read', 'public', 'outside', 'untrusted'],
  ['send_email', ['to'], 'once', 'none', 'outside', 'trusted'],
  ['delete_email', ['id'], 'once', 'none', 'none', 'trusted'],
  ['search_contacts_by_email', ['query'], 'read', 'private', 'none', 'trusted'],
  ['transfer', ['iban', 'amount'], 'once', 'none', 'outside', 'trusted'],
  ['frobnicate', ['what'], 'once', 'none', 'none', 'trusted'],
])('%s(%s) is read as %s, reads %s, sends %s, answers %s', (name, names, effect, reads, sends, answers) => {
  expect(described(name as string, ...(names as string[]))).toMatchObject({ effect, reads, sends, answers })
})

test.each([
  ['recipient', { type: 'string' }, 'directs'],
  ['iban', { type: 'string' }, 'directs'],
  ['whatever', { type: 'string' }, 'directs'],
  ['amount', { type: 'number' }, 'amount'],
  ['quantity', { type: 'integer' }, 'count'],
  ['body', { type: 'string' }, 'content'],
  ['start_time', { type: 'string' }, 'plain'],
  ['permission', { type: 'string', enum: ['r', 'rw'] }, 'plain'],
  ['recurring', { type: 'boolean' }, 'plain'],
  ['otp', { type: 'string' }, 'proof'],
  ['country_code', { type: 'string' }, 'directs'],
  ['query', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'query'],
])('the argument %s %j is %s', (name, schema, role) => {
  const tool = inferTool({ name: 'do_it', parameters: { properties: { [name]: schema } } })
  expect(tool.roles[name]).toBe(role)
})

test('carts and drafts are staged and committed, a code confirms', () => {
  expect(described('cart_add_product', 'product_id').stages).toBe('cart')
  expect(described('checkout_selected_cart', 'product_ids').commits).toBe('cart')
  expect(described('send_draft', 'draft_id').commits).toBe('draft')
  expect(described('update_draft', 'draft_id').stages).toBe('draft')
  expect(described('verify_account', 'otp').confirms).toBe(true)
  expect(described('verify_account', 'otp', 'recipient').confirms).toBeUndefined()
})
