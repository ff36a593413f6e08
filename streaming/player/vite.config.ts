import { defineConfig } from 'vite';

// A `cuepoint serve` to develop against: CUEPOINT_SERVER=http://… npm run dev.
const server = process.env['CUEPOINT_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  build: {
    target: 'es2022',
    // The Go handler answers /assets/ as immutable: every name there has a hash.
    assetsDir: 'assets',
    // dist/placeholder.txt stays: git keeps it for go:embed.
    emptyOutDir: false,
    // A data: URI would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rollupOptions: { input: ['index.html', 'docs.html'] },
  },
  server: {
    proxy: {
      '/v1': server,
      '/openapi.json': server,
      '/play': server,
      '/uploads': server,
      '/session': server,
      '/logout': server,
      '/login': { target: server, bypass: (request) => (request.method === 'GET' && request.url === '/login' ? '/index.html' : undefined) },
    },
  },
});
