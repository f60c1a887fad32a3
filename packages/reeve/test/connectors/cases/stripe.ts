import { start } from '../../../src/connectors/stripe/stand-in.ts'
import { stripe } from '../../../src/connectors/stripe/stripe.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { hmacHex } from './signing.ts'

export const stripeCase: ConnectorCase = {
  connector: stripe,
  start,
  read: { action: 'getPayment', args: { payment: 'pi_standin_900' } },
  write: {
    action: 'refund',
    args: (index) => ({ payment: 'pi_standin_900', amount: 100 + index }),
    deed: 'refund-created',
  },
  events: {
    event: {
      ours: (index) => chargeRefunded(index),
      theirs: (index) =>
        chargeRefunded(index, {
          id: `evt_x${index}`,
          ...(index === 0 ? { account: 'acct_x' } : { livemode: true }),
        }),
      sign: (body, { secret, sentAt }) => ({
        'stripe-signature': `t=${sentAt},v1=${hmacHex(secret, `${sentAt}.`, body)}`,
      }),
    },
  },
}

function chargeRefunded(index: number, other: object = {}): object {
  const object = { id: `ch_${index}`, amount_refunded: 100 }
  return {
    id: `evt_${index}`,
    type: 'charge.refunded',
    created: 1_767_000_000,
    livemode: false,
    data: { object },
    ...other,
  }
}
