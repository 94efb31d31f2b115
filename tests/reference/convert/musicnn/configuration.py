MTT_LABELS = ['guitar', 'no vocals']
MSD_LABELS = ['rock','female vocalists','60s', 'Hip-Hop']
