// embed.mjs DIST INTO: packs the files that Vite wrote and writes the tables by which the program carries them
// (src/gateway/pages.h): INTO/assets.S, INTO/assets.cpp and the packed bytes.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

const [dist, into] = process.argv.slice(2)
const paths = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
  .sort((a, b) => (a < b ? -1 : 1))

let symbols = '', rows = '', bytes = '.section .rodata\n'
const keep = (name, data) => {
  writeFileSync(join(into, name), data)
  const symbol = 'cofre_page_' + name.replaceAll(/[^0-9a-z]/g, '_')
  symbols += `extern const char ${symbol}[];\n`
  bytes += `.global ${symbol}\n${symbol}:\n.incbin "${name}"\n`
  return `{${symbol}, ${data.length}}`
}

mkdirSync(into, { recursive: true })
paths.forEach((path, i) => {
  const data = readFileSync(join(dist, path))
  const type = types[extname(path)]
  if (!type) throw new Error(`${path}: no Content-Type is known for it`)
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 16)
  const brotli = brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  })
  bytes += `/* ${path} ${hash} */\n`
  const packed = extname(path) !== '.woff2' && brotli.length < data.length
  const parts = packed
    ? [keep(`${i}.br`, brotli), keep(`${i}.gz`, gzipSync(data, { level: 9 })), '{}']
    : ['{}', '{}', keep(`${i}.raw`, data)]
  rows += `    {"${path}", "${type}", "${hash}", ${data.length}, ${parts.join(', ')}, ${path.startsWith('assets/')}},\n`
})
bytes += '.section .note.GNU-stack,"",%progbits\n'
writeFileSync(join(into, 'assets.S'), bytes)
writeFileSync(join(into, 'assets.cpp'), `#include "gateway/pages.h"

extern "C" {
${symbols}}

namespace cofre::gateway::pages {
namespace {

constexpr std::size_t count = ${paths.length};
const Asset all[count] = {
${rows}};

}  // namespace

std::span<const Asset> assets() { return all; }

}  // namespace cofre::gateway::pages
`)
