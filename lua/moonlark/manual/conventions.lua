--- Conventions: what agrees with whom, and how closely, as the tests hold it.
local page = require "moonlark.manual.page"
local prose = require "moonlark.manual.prose"

local conventions = {}

-- {title, words, {what, allowed difference, the tests}…}
local groups = {
  {"Features, beside librosa 0.11.0",
    "Transforms run in double precision and results are float32. The difference is ‖ours − theirs‖ / ‖theirs‖ of a whole "
      .. "feature, unless a unit is named, on music, noise, chirps, silence and very short sounds at 8 to 44.1 kHz.", {
      {"`feature.stft`, `feature.mel`, `feature.mfcc`, `feature.chroma_stft`, `feature.cqt`, `feature.vqt`, "
        .. "`feature.spectral_centroid`, `feature.spectral_bandwidth`, `feature.spectral_flatness`, `feature.rms`, "
        .. "`feature.poly_features`, `feature.onset_strength`, `feature.tempogram`, `feature.pcen`", "1e-5",
        "core/dsp/test_feature"},
      {"`feature.chroma_cqt`, `feature.chroma_cens`, `feature.tonnetz`", "1e-3", "core/dsp/test_feature"},
      {"`feature.log_mel`, `feature.spectral_contrast`", "0.001 dB", "core/dsp/test_feature"},
      {"`feature.spectral_rolloff`", "one bin", "core/dsp/test_feature"},
      {"`feature.zero_crossing_rate`", "none", "core/dsp/test_feature"},
      {"`feature.yin`, `feature.pyin`", "1e-5, 1e-7", "core/dsp/test_pitch"},
      {"`feature.pseudo_cqt`, `feature.hybrid_cqt`", "1e-4, 1e-5", "core/dsp/test_variants"},
      {"`feature.whisper_mel`, `feature.vggish_mel`, `feature.kaldi_fbank`, `feature.maest_mel`, beside the front ends of "
        .. "those models", "1e-5, absolute", "core/dsp/test_frontends"},
      {"`effects.hpss`", "1e-5", "lua/test_effects"},
      {"`effects.time_stretch`, `effects.pitch_shift`", "1e-3", "lua/test_effects"},
      {"`music.onsets`, `music.tempo`, `music.beats` with `method = \"librosa\"`", "none", "lua/test_onsets, lua/test_beats"},
    }},
  {"Networks, beside PyTorch",
    "Layers with the same weights on the same input, forward and backward, and optimisers over several steps.", {
      {"every layer of `nn`, its output and gradients", "1e-5", "lua/test_nn"},
      {"`optim.SGD`, `optim.Adam`, `optim.AdamW`, `optim.RMSprop`", "1e-5", "lua/test_optim"},
      {"schedules of learning rates", "1e-7", "lua/test_optim"},
      {"files of PyTorch, read by `torch.load`", "none: bit for bit", "lua/test_pytorch"},
      {"the same seed on the same machine", "none: bit for bit", "lua/test_train"},
    }},
  {"Models of tables, beside scikit-learn 1.9", "Differences are relative to the largest value of the reference.", {
      {"`classify.scaler`", "1e-12", "lua/test_learn_reference"},
      {"`cluster.agglomerative`, `cluster.hdbscan`", "1e-12", "lua/test_cluster_reference"},
      {"`cluster.nmf`", "1e-4", "lua/test_cluster_reference"},
      {"`classify.lda`, `classify.qda`: probabilities", "1e-6", "lua/test_cluster_reference"},
      {"`metrics`: classification, tags, values", "1e-12", "lua/test_metrics"},
      {"`metrics.silhouette_samples`, `metrics.ami`", "1e-10", "lua/test_cluster_reference"},
    }},
  {"Music, beside mir_eval 0.8", "On mir_eval's own fixtures and on random input.", {
      {"`metrics.beat`, `metrics.onset`, `metrics.tempo`, `metrics.key`, `metrics.chord`, `metrics.segment`, "
        .. "`metrics.transcription`, `metrics.melody`", "1e-9", "lua/test_music_metrics"},
    }},
}

local habits = [[
<section><h2>What holds everywhere</h2>
<ul>
<li>Time is the last axis, in seconds where people meet it; rates are in Hz.</li>
<li>Tensors count from 0, as libtorch does: rows, dimensions, classes. Tables of Lua count from 1.</li>
<li>A waveform is float32 in −1..1; mono is the mean of the channels, taken before the rate is changed.</li>
<li>Options have defaults that are told; a misspelt one is an error that names the nearest.</li>
<li>Splits are made of songs or of groups, before songs are cut into segments.</li>
<li>The same seed on the same machine gives the same bits, whatever the number of threads.</li>
</ul></section>]]

--- The page's body.
---@param names table  of moonlark.manual.names
---@return string
function conventions.body(names)
  local parts = {}
  for _, group in ipairs(groups) do
    local rows = {}
    for i, row in ipairs(group[3]) do
      rows[i] = {prose.inline(row[1], names), row[2], "<code>" .. row[3]:gsub(", ", "</code>, <code>") .. "</code>"}
    end
    parts[#parts + 1] = ("<section><h2>%s</h2>\n<p>%s</p>\n%s</section>"):format(group[1], prose.inline(group[2], names),
      page.table(nil, {"what", "largest difference that is allowed", "the test that holds it"}, rows))
  end
  parts[#parts + 1] = habits
  return table.concat(parts, "\n")
end

--- The tests that the page names, without their endings: "lua/test_nn".
---@return string[]
function conventions.tests()
  local list = {}
  for _, group in ipairs(groups) do
    for _, row in ipairs(group[3]) do
      for test in row[3]:gmatch "[%w_/]+" do list[#list + 1] = test end
    end
  end
  return list
end

return conventions
