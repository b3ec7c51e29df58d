/** Programs that ask the same, with what applications use. */
export const tongues = ['curl', 'Python', 'JavaScript', 'Java', 'Go'] as const
export type Tongue = (typeof tongues)[number]

/** The languages as the highlighter knows them. */
export const highlighted: Record<Tongue, string> = { curl: 'bash', Python: 'python', JavaScript: 'javascript', Java: 'java', Go: 'go' }

const indented = (text: string, by: string) => text.replaceAll('\n', `\n${by}`)

/** JSON as Python writes it. Words inside of strings stay as they are. */
function python(value: unknown): string {
  const words: Record<string, string> = { true: 'True', false: 'False', null: 'None' }
  return JSON.stringify(value, null, 4).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (found) => words[found] ?? found)
}

/** A raw string of Go has no escapes: a backquote is a string of its own. */
const goText = (text: string) => '`' + text.replaceAll('`', '` + "`" + `') + '`'

/** In a shell's here-document a line that is its end would end it: JSON has none, its strings have no line ends. */
export function codeOf(tongue: Tongue, base: string, body: Record<string, unknown>): string {
  const json = JSON.stringify(body, null, 2)
  switch (tongue) {
    case 'curl':
      return `curl --cacert ca.pem ${base}/v1/chat/completions \\
  -H "Authorization: Bearer $COFRE_KEY" \\
  -H "Content-Type: application/json" \\
  -d @- <<'JSON'
${json}
JSON`
    case 'Python':
      return `# SSL_CERT_FILE=ca.pem python3 this.py
import os
from openai import OpenAI

client = OpenAI(base_url="${base}/v1", api_key=os.environ["COFRE_KEY"])
answer = client.chat.completions.create(
${Object.entries(body)
  .map(([name, value]) => `    ${name}=${indented(python(value), '    ')},`)
  .join('\n')}
)
print(answer.choices[0].message.content)`
    case 'JavaScript':
      return `// NODE_EXTRA_CA_CERTS=ca.pem node this.mjs
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base}/v1", apiKey: process.env.COFRE_KEY });
const answer = await client.chat.completions.create(${json});
console.log(answer.choices[0].message.content);`
    case 'Java':
      return `// keytool -importcert -noprompt -alias cofre -file ca.pem -keystore trusted.p12 -storepass changeit
// java -Djavax.net.ssl.trustStore=trusted.p12 -Djavax.net.ssl.trustStorePassword=changeit This.java
import java.net.URI;
import java.net.http.*;

public class This {
  public static void main(String[] args) throws Exception {
    var body = """
        ${indented(json.replaceAll('\\', '\\\\').replaceAll('"""', '\\"""'), '        ')}
        """;
    var request = HttpRequest.newBuilder(URI.create("${base}/v1/chat/completions"))
        .header("Authorization", "Bearer " + System.getenv("COFRE_KEY"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}`
    case 'Go':
      return `// SSL_CERT_FILE=ca.pem go run this.go
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := ${goText(json)}
	request, err := http.NewRequest("POST", "${base}/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("COFRE_KEY"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Println(string(text), err)
}`
  }
}
