/** A shop, as its OpenAPI document has it. */
export const shopDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '2026-02' },
  servers: [{ url: 'https://api.shop.example/v1' }],
  security: [{ key: [] }],
  paths: {
    '/me': {
      get: {
        operationId: 'getMe',
        responses: { 200: { content: { 'application/json': { example: { account: 'shop-1' } } } } },
      },
    },
    '/orders': {
      get: {
        operationId: 'listOrders',
        parameters: [{ name: 'status', in: 'query', schema: { enum: ['open', 'paid'] } }],
        responses: {
          200: {
            content: {
              'application/json': {
                schema: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
              },
            },
          },
        },
      },
      post: {
        operationId: 'createOrder',
        summary: 'Order something',
        parameters: [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string' } }],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/NewOrder' } } },
        },
        responses: { 201: { $ref: '#/components/responses/Order' } },
      },
    },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 40 } }],
      get: { operationId: 'getOrder', responses: { 200: { $ref: '#/components/responses/Order' } } },
      patch: {
        operationId: 'changeOrder',
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/NewOrder' } } },
        },
        responses: { 200: { $ref: '#/components/responses/Order' } },
      },
      delete: { operationId: 'delete-order', responses: { 204: { description: 'Gone' } } },
    },
  },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Shop-Key' },
      signIn: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: 'https://shop.example/authorize',
            tokenUrl: 'https://shop.example/token',
            scopes: { 'orders:write': 'Change orders' },
          },
        },
      },
    },
    responses: {
      Order: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
    },
    schemas: {
      NewOrder: {
        type: 'object',
        properties: {
          email: { type: 'string', format: 'email' },
          amount: { type: 'number' },
          note: { type: 'string', description: 'What the customer wrote' },
        },
        required: ['email', 'amount'],
      },
      Order: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          email: { type: 'string', format: 'email' },
          amount: { type: 'number' },
          parent: { $ref: '#/components/schemas/Order' },
        },
      },
    },
  },
} as const
