import { rest } from '../../../../src/connectors/rest/index.ts'
import type { StandIn } from '../../../../src/connectors/stand-in/stand-in.ts'
import type { ConnectorCase } from '../../../../src/testing/connector-checks/case.ts'
import { shopDocument } from './shop-document.ts'

/** Of an OpenAPI document alone. */
export const shop = rest({ name: 'shop', document: shopDocument })

export const restCase: ConnectorCase = {
  connector: shop,
  start: async (options) => {
    const start = await shop.definition.sandbox.standIn.load()
    return (await start(options as object)) as StandIn
  },
  read: { action: 'listOrders', args: { status: 'open' } },
  write: {
    action: 'createOrder',
    args: (index) => ({ email: 'ann@x.example', amount: index, note: 'Two, please' }),
    deed: 'createOrder',
  },
}
