# A worker with the HTTP API and the dashboard, for flows that need no code of yours. For your own workflows and handlers take the second
# stage as a pattern: docs/guides/one-host.md.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build \
 && npm pack --ignore-scripts --pack-destination /tmp \
 && mkdir /app \
 && npm install --prefix /app --omit=dev --no-audit --no-fund /tmp/pawl-*.tgz

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    WORKFLOW_TARGET_WORLD=pawl \
    WORKFLOW_PAWL_URL=sqlite:/data/pawl.db
WORKDIR /app
COPY --from=build --chown=root:root /app /app
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
# SIGTERM drains: nothing new is taken, what is under way has ten seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "node_modules/pawl/dist/cli/main.js"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
