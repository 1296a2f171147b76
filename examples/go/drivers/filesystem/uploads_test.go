package filesystem

import (
	"os"
	"testing"
	"time"

	sd "storagedriver.example/go/storagedriver"
)

func openUpload(t *testing.T, d *Driver, path, id string) sd.Upload {
	t.Helper()
	upload, err := d.OpenUpload(t.Context(), path, id)
	must(t, err)
	return upload
}

func TestAnUploadSurvivesTheEndOfItsProcess(t *testing.T) {
	root, ctx := t.TempDir(), t.Context()
	first := newDriver(t, root)
	upload := openUpload(t, first, "/a/b", "")
	must(t, upload.Write(ctx, []byte("first, ")))
	// Not closed: as after a kill.
	second := newDriver(t, root)
	if names, err := second.List(ctx, "/"); len(names) > 0 || err != nil {
		t.Errorf("%v, %v show", names, err)
	}
	infos, err := second.Uploads(ctx, "/a")
	if err != nil || len(infos) != 1 || infos[0].ID != upload.ID() || infos[0].Size != 7 {
		t.Fatalf("%v, %v", infos, err)
	}
	resumed := openUpload(t, second, "/a/b", upload.ID())
	must(t, resumed.Write(ctx, []byte("second")))
	mustBe(t, upload.Write(ctx, []byte("stale")), sd.InvalidOffset)
	mustBe(t, resumed.Commit(ctx, 7, nil), sd.ChecksumMismatch)
	must(t, resumed.Commit(ctx, resumed.Size(), nil))
	if content := get(t, second, "/a/b"); content != "first, second" {
		t.Errorf("%q", content)
	}
	mustBe(t, upload.Write(ctx, nil), sd.PathNotFound)
	must(t, upload.Close())
}

func TestAnUploadIsOfOnePath(t *testing.T) {
	d := newDriver(t, t.TempDir())
	upload := openUpload(t, d, "/a", "")
	for _, one := range [][2]string{{"/b", upload.ID()}, {"/a", "no id"}, {"/a", "../" + upload.ID()}} {
		_, err := d.OpenUpload(t.Context(), one[0], one[1])
		mustBe(t, err, sd.PathNotFound)
	}
	must(t, upload.Cancel(t.Context()))
	_, err := d.OpenUpload(t.Context(), "/a", upload.ID())
	mustBe(t, err, sd.PathNotFound)
}

func TestAPathCutShortIsNoUpload(t *testing.T) {
	root := t.TempDir()
	d := newDriver(t, root)
	upload := openUpload(t, d, "/ab", "")
	must(t, os.WriteFile(root+"/"+uploadsName+"/"+upload.ID()+pathSuffix, []byte("/a"), 0o600))
	_, err := d.OpenUpload(t.Context(), "/a", upload.ID())
	mustBe(t, err, sd.PathNotFound)
}

func TestUploadsExpire(t *testing.T) {
	root := t.TempDir()
	directory := root + "/" + uploadsName + "/"
	d := newDriver(t, root)
	stale, young := openUpload(t, d, "/stale", ""), openUpload(t, d, "/young", "")
	age(t, directory+stale.ID()+contentSuffix, defaultUploadExpiry+time.Hour)
	half := directory + randomName() + pathSuffix
	must(t, os.WriteFile(half, []byte("/half\n"), 0o600))
	age(t, half, 2*halfMadeTime)
	infos, err := newDriver(t, root).Uploads(t.Context(), "/")
	if err != nil || len(infos) != 1 || infos[0].ID != young.ID() {
		t.Errorf("%v, %v", infos, err)
	}
	if entries, err := os.ReadDir(directory); len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestACommitOverADirectoryKeepsTheUpload(t *testing.T) {
	d := newDriver(t, t.TempDir())
	put(t, d, "/a/b", "x")
	upload := openUpload(t, d, "/a", "")
	mustBe(t, upload.Commit(t.Context(), 0, nil), sd.IsADirectory)
	must(t, d.Delete(t.Context(), "/a"))
	digest, err := sd.ParseDigest("md5:d41d8cd98f00b204e9800998ecf8427e")
	must(t, err)
	must(t, upload.Commit(t.Context(), 0, digest))
}
