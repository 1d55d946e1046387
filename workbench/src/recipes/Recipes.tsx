/** Recipes. */
import { Empty } from "../shell/Panel";

export default function Recipes() {
  return (
    <main>
      <h1 className="hidden">Recipes</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
