import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** KaTeX's fonts in the one form that every browser of today reads. */
const onlyWoff2: Plugin = {
  name: 'only-woff2',
  enforce: 'pre',
  transform: (code, id) => (id.includes('katex') && id.endsWith('.css') ? code.replace(/,url\([^)]*\.(woff|ttf)\) format\("[a-z]+"\)/g, '') : null),
}

export default defineConfig({
  base: '/console/',
  plugins: [react(), onlyWoff2],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
  // `npm run dev` beside a running box: COFRE_URL=https://127.0.0.1:8443
  server: { proxy: Object.fromEntries(['/v1', '/console/v1', '/admin', '/openapi.json', '/health'].map((path) => [path, { target: process.env['COFRE_URL'] ?? 'https://127.0.0.1:8443', secure: false, ws: true }])) },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
