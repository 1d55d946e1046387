/** Units. */
import { Empty } from "../shell/Panel";

export default function Unit() {
  return (
    <main>
      <h1 className="hidden">Units</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
