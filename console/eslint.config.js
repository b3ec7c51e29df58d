import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import { globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  globalIgnores(['dist', 'src/api/schema.d.ts']),
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-restricted-syntax': ['error', { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text of others is never HTML here; see src/markdown/Code.tsx for the one place.' }],
    },
  },
  { files: ['*.mjs', '*.js', 'e2e/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly', setTimeout: 'readonly', fetch: 'readonly', document: 'readonly', window: 'readonly', performance: 'readonly', localStorage: 'readonly', navigator: 'readonly', requestAnimationFrame: 'readonly' } } },
)
