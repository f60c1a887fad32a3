# One image for servers and workers; the command decides.
#
#   docker build -t reeve .                                    (--build-arg PROJECT=examples/… for another project)
#   docker run -e DATABASE_URL=postgres://… reeve              serves and works
#   docker run -e DATABASE_URL=postgres://… reeve worker       works beside it
#   docker run -e DATABASE_URL=postgres://… reeve migrate      any other command
#
# The same commit gives the same image when the base is named by its digest and times are that of the commit; packages are those of the lock:
#
#   docker buildx build --build-arg NODE=node:24.21.0-slim@sha256:… --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) \
#     --output type=image,name=reeve,rewrite-timestamp=true .
ARG NODE=node:24.21.0-slim
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json LICENSE README.md ./
COPY docs docs
COPY scripts scripts
COPY packages packages
COPY examples examples
# Builds packages/*/dist. Without the sources the built package is what runs.
RUN npm ci --no-audit --no-fund && npm prune --omit=dev --no-audit --no-fund && rm -rf packages/*/src

FROM ${NODE}
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
