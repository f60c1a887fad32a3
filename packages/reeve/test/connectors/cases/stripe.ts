import { start } from '../../../src/connectors/stripe/stand-in.ts'
import { stripe } from '../../../src/connectors/stripe/stripe.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const stripeCase: ConnectorCase = {
  connector: stripe,
  start,
  read: { action: 'getPayment', args: { payment: 'pi_standin_900' } },
  write: {
    action: 'refund',
    args: (index) => ({ payment: 'pi_standin_900', amount: 100 + index }),
    deed: 'refund-created',
  },
}
