// What content rules add to an event: a list of words and some patterns over a text that comes a token at a time.
//
//   bench_rules [WORDS] [PATTERNS]        default 10000 20

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "rules/screen.h"

int main(int argc, char** argv) {
  using namespace cofre::rules;
  using Clock = std::chrono::steady_clock;
  const int words = argc > 1 ? std::atoi(argv[1]) : 10'000, patterns = argc > 2 ? std::atoi(argv[2]) : 20;
  std::mt19937 random(1);
  const auto word = [&](int least, int most) {
    std::string text;
    for (int letters = least + static_cast<int>(random() % static_cast<unsigned>(most - least)); letters > 0; --letters)
      text += static_cast<char>('a' + random() % 26);
    return text;
  };
  std::string file = R"({"rules":[{"name":"bench","do":"mask","words":["zzzzzz")";
  for (int i = 0; i < words; ++i) file += ",\"" + word(4, 12) + '"';
  file += R"(],"patterns":["zq-[0-9]{9}")";
  for (int i = 1; i < patterns; ++i) file += ",\"" + word(3, 5) + R"(-[0-9]{4,8}")";
  const auto matcher = Rules::parse(file + "]}]}").matcher("", Direction::output);

  constexpr int events = 200'000;
  std::vector<double> us;
  Screen screen(matcher, Writing::plain);
  std::size_t bytes = 0;
  for (int i = 0; i < events; ++i) {
    const auto token = " " + word(2, 7);
    const auto before = Clock::now();
    bytes += screen.take(token).size();
    us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  double sum = 0;
  for (const double one : us) sum += one;
  std::sort(us.begin(), us.end());
  std::printf("%d words, %d patterns: mean %.2f us an event, p50 %.2f, p99 %.2f, most %.1f (%zu bytes)\n", words,
              patterns, sum / events, us[events / 2], us[events * 99 / 100], us.back(), bytes);
  return 0;
}
