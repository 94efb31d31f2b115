"""openSMILE's two standard sets, functionals of the whole clip: other features than ours, as many people use them."""
import sys

import opensmile
import soundfile

import timing

y, SR = soundfile.read(f"{sys.argv[1]}/clip.wav", dtype="float32")


def smile(name):
    extractor = opensmile.Smile(feature_set=getattr(opensmile.FeatureSet, name),
                                feature_level=opensmile.FeatureLevel.Functionals)
    return lambda: extractor.process_signal(y, SR)


timing.run({"eGeMAPSv02": smile("eGeMAPSv02"), "ComParE_2016": smile("ComParE_2016")})
