# One image for servers and workers; the command decides.
#
#   docker build -t reeve .                                    (--build-arg PROJECT=examples/… for another project)
#   docker run -e DATABASE_URL=postgres://… reeve              serves and works
#   docker run -e DATABASE_URL=postgres://… reeve worker       works beside it
#   docker run -e DATABASE_URL=postgres://… reeve migrate      any other command
FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY scripts scripts
COPY packages packages
COPY examples examples
# Builds packages/*/dist. Without the sources the built package is what runs.
RUN npm ci --no-audit --no-fund && npm prune --omit=dev --no-audit --no-fund && rm -rf packages/*/src

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app

ARG PROJECT=examples/refund-desk
WORKDIR /app/${PROJECT}
# Only for data in SQLite: with DATABASE_URL=postgres://… nothing is written here.
RUN mkdir -p .reeve && chown node:node .reeve
USER node

# Node itself is the first process: SIGTERM reaches it, and it gives its runs back before it ends.
ENTRYPOINT ["node", "/app/packages/reeve/bin/reeve.js"]
CMD ["start"]
