--- Languages: those that Whisper knows, in the order of their tokens: <|en|> stands behind <|startoftranscript|>, then
--- <|zh|>, <|de|> …; large-v3 has all 100, the others 99.
local languages = {}

local listed = [[
en english, zh chinese, de german, es spanish, ru russian, ko korean, fr french, ja japanese, pt portuguese, tr turkish,
pl polish, ca catalan, nl dutch, ar arabic, sv swedish, it italian, id indonesian, hi hindi, fi finnish, vi vietnamese,
he hebrew, uk ukrainian, el greek, ms malay, cs czech, ro romanian, da danish, hu hungarian, ta tamil, no norwegian,
th thai, ur urdu, hr croatian, bg bulgarian, lt lithuanian, la latin, mi maori, ml malayalam, cy welsh, sk slovak,
te telugu, fa persian, lv latvian, bn bengali, sr serbian, az azerbaijani, sl slovenian, kn kannada, et estonian,
mk macedonian, br breton, eu basque, is icelandic, hy armenian, ne nepali, mn mongolian, bs bosnian, kk kazakh,
sq albanian, sw swahili, gl galician, mr marathi, pa punjabi, si sinhala, km khmer, sn shona, yo yoruba, so somali,
af afrikaans, oc occitan, ka georgian, be belarusian, tg tajik, sd sindhi, gu gujarati, am amharic, yi yiddish, lo lao,
uz uzbek, fo faroese, ht haitian creole, ps pashto, tk turkmen, nn nynorsk, mt maltese, sa sanskrit, lb luxembourgish,
my myanmar, bo tibetan, tl tagalog, mg malagasy, as assamese, tt tatar, haw hawaiian, ln lingala, ha hausa, ba bashkir,
jw javanese, su sundanese, yue cantonese,
]]

--- Codes by their place: languages.codes[1] is "en".
---@type string[]
languages.codes = {}

---@type table<string, integer>
local places = {}

for code, name in listed:gmatch "(%a+) ([%a ]+)," do
  table.insert(languages.codes, code)
  places[code], places[name] = #languages.codes, #languages.codes
end

--- The place of a language; nil where it is not known.
---     print(languages.place "german")      --> 3
---@param word string  a code or an English name, in any case
---@return integer?
function languages.place(word) return places[word:lower()] end

return languages
