// The page's request through openapi-typescript's types: it compiles, the reply is typed, mistakes are told.
import createClient from "openapi-fetch";
import type { components, paths } from "./openapi-typescript";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1" });
const { data: reply } = await client.POST("/v1/generation/image-to-video", {
  body: {
    model: "WERYAI_VIDEO_1_0",
    prompt: "Make the person wave their hand",
    image: "https://example.com/reference.jpg",
    video_number: 1,
    aspect_ratio: "16:9",
    duration: 5,
    generate_audio: false,
  },
});
const ids: string[] | null | undefined = reply?.data?.task_ids;
// @ts-expect-error an id is a text, so the reply is typed and not `unknown` or `any`
const numbers: number[] | null | undefined = reply?.data?.task_ids;
type Request = components["schemas"]["ImageToVideoRequest"];
const shortest: Request = { model: "A_MODEL_OF_TOMORROW", prompt: "x", image: "https://example.com/a.jpg", duration: 5 };
// @ts-expect-error a request is closed, so a misspelt field is a mistake
const misspelt: Request = { ...shortest, durration: 5 };
const { data: task } = await client.GET("/v1/generation/{taskId}/status", { params: { path: { taskId: ids?.[0] ?? "" } } });
const state: string | null | undefined = Array.isArray(task?.data) ? task.data[0]?.task_status : task?.data?.task_status;
console.log(ids, numbers, misspelt, state);
