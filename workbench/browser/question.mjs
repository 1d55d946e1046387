// Two prompts and two answers that the model can be asked about: words where it has them, else letters.
import { rest, settings } from "./driver.mjs";

const PAIRS = [
  [
    "When Mary and John went to the shop, John gave a drink to",
    "When Mary and John went to the shop, Mary gave a drink to",
  ],
  ["The cat sat on the mat and the dog sat on the", "The cat sat on the mat and the cat sat on the"],
];
const ANSWERS = [
  { target: " Mary", distractor: " John" },
  { target: "a", distractor: "e" },
];

/** First pair of prompts with answers that activation patching takes; fails with the server's last sentence. */
export async function question() {
  let sentence = "";
  for (const [prompt, corrupt] of PAIRS)
    for (const answers of ANSWERS)
      try {
        await rest("/analyses/activation_patching?wait=60", {
          model: settings.model,
          prompt,
          corrupt,
          ...answers,
        });
        return { prompt, twin: corrupt, answers };
      } catch (error) {
        sentence = error.message;
      }
  throw new Error(`No pair of prompts fits ${settings.model}: ${sentence}`);
}
