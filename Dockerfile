# One image for servers and workers; the command decides.
#
#   docker build -t reeve .                                    (--build-arg PROJECT=examples/… for another project)
#   docker run -e DATABASE_URL=postgres://… reeve              serves and works
#   docker run -e DATABASE_URL=postgres://… reeve worker       works beside it
#   docker run -e DATABASE_URL=postgres://… reeve migrate      any other command
FROM node:24.21.0-slim

ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
COPY examples examples
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

ARG PROJECT=examples/refund-desk
WORKDIR /app/${PROJECT}
# Only for data in SQLite: with DATABASE_URL=postgres://… nothing is written here.
RUN mkdir -p .reeve && chown node:node .reeve
USER node

# Node itself is the first process: SIGTERM reaches it, and it gives its runs back before it ends.
ENTRYPOINT ["node", "/app/packages/reeve/bin/reeve.js"]
CMD ["start"]
