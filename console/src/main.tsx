import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Root } from './Root'
import { startLanguages } from './i18n'
import './ui/app.css'

const place = document.getElementById('root')
if (place) {
  void startLanguages().then(() => {
    createRoot(place).render(
      <StrictMode>
        <Root />
      </StrictMode>,
    )
  })
}
