import { z } from 'zod'
import { sql, sqlRead, sqlWrite } from '../../../../src/connectors/sql/index.ts'

/** As both databases understand it. */
export const schema = `
  create table orders (id text primary key, status text not null, cents bigint not null default 0);
  create table payments (id text primary key, order_id text not null references orders (id), cents bigint not null check (cents > 0));
  insert into orders (id, status, cents) values ('o1', 'open', 9007199254740993), ('o2', 'open', 500)`

const Order = z.object({ id: z.string(), status: z.string(), cents: z.union([z.number(), z.string()]) })

const actions = {
  order: sqlRead({
    description: 'Look an order up',
    sql: 'select id, status, cents from orders where id = :id',
    input: z.object({ id: z.string() }),
    row: Order,
    directs: ['id'],
  }),
  all: sqlRead({
    description: 'List orders',
    sql: 'select id, status, cents from orders order by id',
    input: z.object({}),
    row: Order,
    maxRows: 1,
  }),
  pay: sqlWrite({
    description: 'Book a payment of an order',
    sql: [
      'insert into payments (id, order_id, cents) values (:key, :order, :cents)',
      "update orders set status = 'paid' where id = :order returning id, status",
    ],
    input: z.object({ order: z.string(), cents: z.number().int() }),
    row: z.object({ id: z.string(), status: z.string() }),
    changes: 1,
    directs: ['order'],
    undo: { sql: "update orders set status = 'open' where id = :order and status = 'paid'", changes: 1 },
  }),
}

export const books = sql({ name: 'books', kind: 'sqlite', actions, sandbox: { schema } })
export const pgBooks = sql({ name: 'pgbooks', kind: 'postgres', actions, sandbox: { schema } })
